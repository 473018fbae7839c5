// The block in the editor. What readers see is drawn by the server, in includes/form.php.
( ( wp ) => {
	'use strict';
	const { createElement: el, Fragment, useState } = wp.element;
	const { __ } = wp.i18n;
	const { InspectorControls, useBlockProps } = wp.blockEditor;
	const { Disabled, PanelBody, Placeholder, RangeControl, TextControl, ToggleControl } = wp.components;
	const ServerSideRender = wp.serverSideRender.default || wp.serverSideRender;

	// Of an address at the server that is set, its last part. Another one stays as it is: the preview says what is amiss.
	const slug = ( typed ) => {
		const path = /^([a-z]+:\/\/[^/]+)\/reports\/([a-z0-9-]+)/i.exec( typed.trim() );
		return path && path[ 1 ].toLowerCase() === window.assentServer ? path[ 2 ].toLowerCase() : typed.trim();
	};

	// What is typed holds when its field is left, or at Enter: half a name is no report. Until somebody types, the field
	// says what the block says: there are two of them, and steps can be undone.
	const Report = ( { value, onChange } ) => {
		const [ typed, setTyped ] = useState( null );
		const holds = () => {
			if ( typed !== null ) {
				onChange( slug( typed ) );
				setTyped( null );
			}
		};
		return el( TextControl, {
			label: __( 'Report', 'assent' ),
			help: __( 'Its address, or the last part of it: digital-councils', 'assent' ),
			value: typed === null ? value : typed,
			onChange: setTyped,
			onBlur: holds,
			onKeyDown: ( event ) => event.key === 'Enter' && holds(),
			__nextHasNoMarginBottom: true,
			__next40pxDefaultSize: true,
		} );
	};

	wp.blocks.registerBlockType( 'assent/form', {
		edit: ( { attributes, setAttributes } ) => {
			const { report, newsletters, headingLevel } = attributes;
			const which = el( 'div', { style: { display: 'grid', gap: '16px', width: '100%' } },
				el( ToggleControl, {
					label: __( 'Newsletters alone, without a report', 'assent' ),
					checked: newsletters,
					onChange: ( value ) => setAttributes( { newsletters: value } ),
					__nextHasNoMarginBottom: true,
				} ),
				! newsletters && el( Report, { value: report, onChange: ( value ) => setAttributes( { report: value } ) } )
			);
			return el( Fragment, null,
				el( InspectorControls, null,
					el( PanelBody, { title: __( 'Form', 'assent' ) },
						which,
						el( RangeControl, {
							label: __( 'Level of its headings', 'assent' ),
							min: 1,
							max: 6,
							value: headingLevel,
							onChange: ( value ) => setAttributes( { headingLevel: value } ),
							__nextHasNoMarginBottom: true,
						} )
					)
				),
				el( 'div', useBlockProps(),
					newsletters || report
						? el( Disabled, null, el( ServerSideRender, { block: 'assent/form', attributes } ) )
						: el( Placeholder, { icon: 'email-alt', label: __( 'Assent form', 'assent' ) }, which )
				)
			);
		},
		save: () => null,
	} );
} )( window.wp );
