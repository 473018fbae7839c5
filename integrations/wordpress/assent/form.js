// Brings the form's script from the assent server, and says so where that can't be had. The page waits for neither: what
// is fetched holds up no `load` event, though the server may never answer.
( () => {
	'use strict';
	const PATIENCE = 10000;
	const embed = document.getElementById( 'assent-embed-js' );

	const reach = async () => {
		const ends = new AbortController();
		const timer = setTimeout( () => ends.abort(), PATIENCE );
		const answer = await fetch( embed.src, { credentials: 'omit', signal: ends.signal } );
		await answer.text();
		clearTimeout( timer );
		if ( ! answer.ok ) {
			throw new Error( answer.status );
		}
	};

	// From the browser's cache, where the answer is now.
	const run = () => new Promise( ( done, fail ) => {
		const script = document.createElement( 'script' );
		script.crossOrigin = 'anonymous';
		script.addEventListener( 'load', done );
		script.addEventListener( 'error', fail );
		// A site may ask whether addresses of scripts are trusted (Trusted Types).
		script.src = window.trustedTypes ? trustedTypes.createPolicy( 'assent', { createScriptURL: () => embed.src } ).createScriptURL( '' ) : embed.src;
		document.head.append( script );
	} );

	const say = ( form ) => {
		const said = document.createElement( 'p' );
		said.className = 'assent-away';
		said.setAttribute( 'role', 'status' );
		form.prepend( said );
		said.textContent = form.dataset.away;
	};

	const bring = async () => {
		document.querySelectorAll( '.assent-away' ).forEach( ( said ) => said.remove() );
		try {
			await reach();
			await run();
		} catch {
			document.querySelectorAll( 'assent-form' ).forEach( say );
			addEventListener( 'online', bring, { once: true } );
		}
	};

	// Where the plain field or the link is used all the same, it carries where the reader came from, as the form would. The
	// site can't put that into a page, for a copy of one may be kept for everybody.
	const carry = ( plain ) => {
		const where = plain.tagName === 'A' ? 'href' : 'action';
		const aim = new URL( plain[ where ] );
		for ( const [ name, value ] of new URLSearchParams( location.search ) ) {
			if ( /^(utm_(source|medium|campaign|term|content)|ref)$/.test( name ) && ! /@|^$/.test( value ) ) {
				aim.searchParams.set( name, value );
			}
		}
		plain[ where ] = aim.href;
	};

	if ( embed ) {
		document.querySelectorAll( 'assent-form > form, assent-form > a' ).forEach( carry );
		bring();
	}
} )();
